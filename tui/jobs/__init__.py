"""Extractions as processes of their own: started, watched, stopped, and estimated before."""
