# How the person sees and reaches the screen.

large-text = Large text
low-controls = Controls lower
count-once = Ignore repeated presses
scroll = Scrolling
scroll-up = Scroll up
scroll-down = Scroll down
