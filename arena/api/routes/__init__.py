"""The endpoints, one module per noun. Each parses, authorises, calls one service or selector, renders."""
