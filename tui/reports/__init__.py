"""What people take home: reports of neurons, figures, comparisons and findings as files."""
