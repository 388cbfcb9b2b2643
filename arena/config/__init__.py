"""Settings, URLs and entry points of the deployed site: what every process of the arena loads first.

A start makes hundreds of thousands of objects that live as long as the process. To look for garbage among them every
700 objects was a sixth of a start, and to look once more at its end took longer than all the rest of a stop.
"""

import atexit
import gc

gc.set_threshold(10_000, 10, 10)
# What is left at the end goes with the process; files and connections are closed by those who opened them.
atexit.register(gc.freeze)
