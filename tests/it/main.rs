//! One integration binary; each module says what it protects.

// What must hold, after every half-cycle, over drawn scenarios.
mod check;
// What every network owes the loop, on each of them.
mod conformance;
// The order of a cycle, and every way out of the house.
mod cycle;
// A run and what a change of its past made of it, side by side.
mod compare;
// Every reply and error text of every command, to the byte.
mod commands;
// Guests who say a byte a second harm nobody.
mod drip;
// What goes into the page: nothing that needs an operating system.
mod dependencies;
mod designs;
// Bytes come back in order, once, whatever the network does.
mod echo;
// Every odd situation, in simulation and over TCP, and the page about them.
mod edge_cases;
// The facts add up to what the engine holds.
mod fold;
// A server on the virtual network, driven by hand.
mod house;
// Any facts at all, and runs as the engine states them, for other tests.
mod facts;
mod runs;
// Who may import whom.
mod layers;
// What the panels say: exact cells, labels, table twin; nothing breaks them.
mod panels;
// Waiting: who is served when, and what becomes of whoever waits no longer.
mod blocked;
// A stock server's loop, told from its system calls.
mod import;
// Links that were given away open for ever.
mod links;
// A run as plain text.
mod plain;
// Nothing flashes, at any speed.
mod flashes;
// What fuzzers begin with, and what they have found.
mod fuzz;
// What people see of a running server, and whom it turns out for taking too much.
mod oversight;
// Publishing: one message, many plates, one sweep.
mod pubsub;
// Watching a real server: what is told, who may watch, what is held.
mod live;
// Transactions: nothing in between, and what makes them fail.
mod transactions;
mod transcript;
// Bugs of other servers that must not happen here.
mod regressions;
// What other viewers are given of a trace.
mod perfetto;
// What the server writes is strict RESP, in both dialects.
mod resp;
// The bundled scenarios show what they promise, the same every time.
mod scenario;
// Helpers carry a part of the sweep, and nobody at a table can tell.
mod waiters;
// A bad network changes the way and never the answers.
mod seeds;
// Reads our own source for the house rules.
mod source;
// Short files, telling names, nothing left for later, no source of chance.
mod tidy;
// A recording says everything, survives as text, and any moment can be had again.
mod trace;

// The moments that the sheet of the panels draws.
#[path = "../../examples/panels_sheet/specimens.rs"]
mod specimens;
// Every fact has its words: short, plain, harmless, and true to the drawing.
mod narration;
// What the page claims of code and measurement is so.
mod claims;
// Every sentence is in the catalogues, in every language.
mod text;
// The tour's moments happen, its predictions are computed, its missions can be met.
mod tour;
// Stepping, playing and scrubbing visit the same moments, and back undoes forward.
mod player;

// The moments that the sheet of the stage draws.
mod evening;
// One picture from the same facts, one hot thing, every state with its signs.
mod stage;

// Causes, lints and latencies come from the records alone, and name the truth.
mod why;
