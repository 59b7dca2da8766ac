"""Starting and watching extractions: the form's logic, estimates, jobs."""
