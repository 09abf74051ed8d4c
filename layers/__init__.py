"""What is there: the only room that reads the outside world."""
