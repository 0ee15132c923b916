//! The page's entry: see [`onechef::web`].

fn main() {
    #[cfg(target_arch = "wasm32")]
    onechef::web::start();
}
