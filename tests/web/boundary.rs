use onechef::web::boundary::{contain, install};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn a_failed_check_becomes_its_message_and_the_caller_goes_on() {
    install();
    let mut reached = 0;
    let failed = contain(&mut || {
        reached += 1;
        panic!("seed {}", 7);
    });
    assert!(failed.unwrap_err().contains("seed 7"));
    let fine = contain(&mut || reached += 1);
    assert_eq!((fine, reached), (Ok(()), 2));
}

/// Each failure leaves the stack where it was: a hundred times 16 KB would be
/// more than there is.
#[wasm_bindgen_test]
fn failures_do_not_eat_the_stack() {
    install();
    for round in 0..100 {
        let failed = contain(&mut || {
            let big = [round; 4_096];
            assert!(std::hint::black_box(big)[17] == -1, "always");
        });
        assert!(failed.is_err());
    }
}
