"""One run of a function, as the guest sees it."""
