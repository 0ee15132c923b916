//! The checker of the page's runs, which the page loads when it is asked to:
//! see the library's `web::checking`, which exists on wasm32 only.

fn main() {
    #[cfg(target_arch = "wasm32")]
    onechef::web::checking::start();
}
