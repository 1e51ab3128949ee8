"""Reports and the explorer as HTML: what is shown is prepared here, how it looks stands in templates."""
