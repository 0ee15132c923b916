//! Reading replies: strict, independent of the encoder.
