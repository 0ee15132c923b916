//! One integration binary; each module says what it protects.

// The order of a cycle, and every way out of the house.
mod cycle;
// What goes into the page: nothing that needs an operating system.
mod dependencies;
// The facts add up to what the engine holds.
mod fold;
// A server on the virtual network, driven by hand.
mod house;
// Who may import whom.
mod layers;
// Reads our own source for the house rules.
mod source;
// Short files, telling names, nothing left for later, no source of chance.
mod tidy;
