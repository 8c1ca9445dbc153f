use extism_pdk::*;
use std::hint::black_box;
use std::time::{Duration, Instant};

pub fn number(text: &str) -> Result<i32, Error> {
    text.parse()
        .map_err(|error| Error::msg(format!("input is not a number: {error}")))
}

#[plugin_fn]
pub fn loop_forever() -> FnResult<()> {
    loop {
        // Kept from the optimiser, which may not assume that the loop has an end.
        black_box(());
    }
}

#[plugin_fn]
pub fn exit_with_code(code: String) -> FnResult<()> {
    std::process::exit(number(&code)?)
}

#[plugin_fn]
pub fn panic_now(text: String) -> FnResult<()> {
    panic!("{text}")
}

#[plugin_fn]
pub fn sleep_ms(ms: String) -> FnResult<String> {
    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(number(&ms)?.try_into()?));
    Ok(start.elapsed().as_millis().to_string())
}

#[plugin_fn]
pub fn big_output(size: String) -> FnResult<String> {
    Ok("x".repeat(number(&size)?.try_into()?))
}
