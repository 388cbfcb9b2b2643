"""One vote per battle."""
