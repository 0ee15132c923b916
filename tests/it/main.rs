//! One integration binary; each module says what it protects.

// What goes into the page: nothing that needs an operating system.
mod dependencies;
// Who may import whom.
mod layers;
// Reads our own source for the house rules.
mod source;
// Short files, telling names, nothing left for later, no source of chance.
mod tidy;
