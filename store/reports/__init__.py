"""Reports of neurons: Markdown, HTML, JSON, CSV."""
