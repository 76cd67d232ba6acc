"""From what people wrote to plain values, and from plain values to the desired state."""
