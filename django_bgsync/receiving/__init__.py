"""What comes in: deliveries, the items in them, and who sends them."""
