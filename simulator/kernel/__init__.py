"""Pure values of the payment world. Standard library only, no input or output."""
