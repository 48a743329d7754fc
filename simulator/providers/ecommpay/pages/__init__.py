"""Payment Page, the Alipay emulator behind `redirect_data.url` and the QR code, and the files of the JavaScript library."""
