"""Text systems that answer without network, key or download: the demo's contenders."""
