"""What operators are shown: queries that only read, bounded whatever the size of the tables."""
