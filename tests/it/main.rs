//! One integration binary; each module says what it protects.

// What other modules stand on.

// A server on the virtual network, driven by hand.
mod house;
// Any facts at all, and runs as the engine states them.
mod facts;
mod runs;
// The moments that the sheet of the stage draws.
mod evening;
// The moments that the sheet of the panels draws.
#[path = "../../examples/panels_sheet/specimens.rs"]
mod specimens;
// Our own source, read for the house rules.
mod source;

// The house rules.

// Who may import whom.
mod layers;
// Short files, telling names, nothing left for later, no source of chance.
mod tidy;
// What goes into the page: nothing that needs an operating system.
mod dependencies;
// What the page claims of code and measurement is so.
mod claims;
// What fuzzers begin with, and what they have found.
mod fuzz;

// The network and the protocol.

// What every network owes the loop, on each of them.
mod conformance;
// Bytes come back in order, once, whatever the network does.
mod echo;
// What the server writes is strict RESP, in both dialects.
mod resp;

// The loop and what it serves.

// The order of a cycle, and every way out of the house.
mod cycle;
// Every reply and error text of every command, to the byte.
mod commands;
// Transactions: nothing in between, and what makes them fail.
mod transactions;
// Publishing: one message, many plates, one sweep.
mod pubsub;
// Waiting: who is served when, and what becomes of whoever waits no longer.
mod blocked;
// What people see of a running server, and whom it turns out for taking too much.
mod oversight;
// Helpers carry a part of the sweep, and nobody at a table can tell.
mod waiters;
// Guests who say a byte a second harm nobody.
mod drip;
// Every odd situation, in simulation and over TCP, and the page about them.
mod edge_cases;
// Bugs of other servers that must not happen here.
mod regressions;

// Simulation.

// The bundled scenarios show what they promise, the same every time.
mod scenario;
// A bad network changes the way and never the answers.
mod seeds;
// What must hold, after every half-cycle, over drawn scenarios.
mod check;

// Traces.

// A recording says everything, survives as text, and any moment can be had again.
mod trace;
// The facts add up to what the engine holds.
mod fold;
// What other viewers are given of a trace.
mod perfetto;
// A stock server's loop, told from its system calls.
mod import;
// Watching a real server: what is told, who may watch, what is held.
mod live;

// What is shown.

// Stepping, playing and scrubbing visit the same moments, and back undoes forward.
mod player;
// One picture from the same facts, one hot thing, every state with its signs.
mod stage;
// Nothing flashes, at any speed.
mod flashes;
// What the panels say: exact cells, labels, table twin; nothing breaks them.
mod panels;
// Every fact has its words: short, plain, harmless, and true to the drawing.
mod narration;
// Every sentence is in the catalogues, in every language.
mod text;
// A run as plain text.
mod plain;
// Causes, lints and latencies come from the records alone, and name the truth.
mod why;
// What was said on a connection, as far as a moment can know it.
mod transcript;
// The orders of a run, had another design served them.
mod designs;
// A run and what a change of its past made of it, side by side.
mod compare;
// The tour's moments happen, its predictions are computed, its missions can be met.
mod tour;
// Links that were given away open for ever.
mod links;
