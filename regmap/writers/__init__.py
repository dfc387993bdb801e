"""Models to text, so that reading the text gives the model again: ``mapping`` makes plain values of
a model, ``yaml`` a file of them."""
