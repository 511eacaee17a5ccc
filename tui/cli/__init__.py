"""What can be done without a screen: one module a command, or a family of them."""
