"""What git remembers: what was declared before, by which applies, and which policy a protected branch holds."""
