"""specc: a compiler for `.cnn` model specs."""
