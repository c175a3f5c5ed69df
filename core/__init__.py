"""The domain and the engine: plain frozen data in, plain data out."""
