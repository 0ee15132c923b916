//! The page's entry: see the library's `web`, which exists on wasm32 only.

fn main() {
    #[cfg(target_arch = "wasm32")]
    onechef::web::start();
}

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
