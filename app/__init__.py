"""The program around the product: settings, commands, processes."""
