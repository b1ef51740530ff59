"""What a person has put on the card for the first start, checked and taken over."""
