"""What each operation of Checkout.com's API does, by noun; `decisions` is what others do to a payment."""
