"""An app's code: how it arrives, where it is written, and how it is loaded."""
