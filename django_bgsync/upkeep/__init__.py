"""What nobody waits for: looking after what is due, signs of life, figures, and the end of old rows."""
