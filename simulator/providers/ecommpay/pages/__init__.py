"""Payment Page, the Alipay emulator behind `redirect_data.url` and the QR code, and what the JavaScript library needs."""
