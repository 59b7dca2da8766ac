"""The layers pane, and the line it folds into."""
