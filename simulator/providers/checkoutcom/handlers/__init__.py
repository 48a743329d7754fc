"""What the operations of Checkout.com's API do, one module for each noun; `outcomes` is what others do to a payment."""
