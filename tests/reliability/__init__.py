"""Campaigns of many trials on what may go wrong: each is a program, and a short test calls it with few of them."""
