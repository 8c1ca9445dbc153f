//! A test guest in Rust: a MetadataAgent, and exports that drive the kernel, one host function, and each way
//! for a guest to misbehave. go_agent has the same exports; their comments are there.

mod metadata;
mod misbehave;

use extism_pdk::*;
use serde::Serialize;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Serialize, ToBytes)]
#[encoding(Json)]
pub struct ConfigValue {
    value: String,
    exists: bool,
}

#[plugin_fn]
pub fn config_value(key: String) -> FnResult<ConfigValue> {
    let value = config::get(key)?;
    let exists = value.is_some();
    let value = value.unwrap_or_default();
    Ok(ConfigValue { value, exists })
}

#[derive(Serialize, ToBytes)]
#[encoding(Json)]
pub struct VarsSeen {
    before: String,
    after: String,
    removed: bool,
}

#[plugin_fn]
pub fn vars_round_trip(text: String) -> FnResult<VarsSeen> {
    let before = var::get::<String>("kept")?.unwrap_or_default();
    var::set("kept", text)?;
    let after = var::get::<String>("kept")?.unwrap_or_default();
    var::set("dropped", "value")?;
    var::remove("dropped")?;
    let removed = var::get::<String>("dropped")?.is_none();
    Ok(VarsSeen {
        before,
        after,
        removed,
    })
}

#[plugin_fn]
pub fn log_each_level(text: String) -> FnResult<()> {
    trace!("trace: {text}");
    debug!("debug: {text}");
    info!("info: {text}");
    warn!("warn: {text}");
    error!("error: {text}");
    Ok(())
}

#[plugin_fn]
pub fn error_text(text: String) -> FnResult<()> {
    Err(Error::msg(text).into())
}

#[host_fn]
extern "ExtismHost" {
    fn config_get(request: Json<ConfigRequest>) -> String;
}

#[derive(Serialize)]
struct ConfigRequest {
    key: String,
}

fn ask_host(key: String) -> Result<String, Error> {
    // Safe as the host function has this type, which the host checks when it links the module.
    unsafe { config_get(Json(ConfigRequest { key })) }
}

#[plugin_fn]
pub fn host_config(key: String) -> FnResult<String> {
    Ok(ask_host(key)?)
}

#[plugin_fn]
pub fn host_calls(calls: String) -> FnResult<String> {
    let mut total = 0;
    for _ in 0..misbehave::number(&calls)? {
        total += ask_host("greeting".into())?.len();
    }
    Ok(total.to_string())
}

static CALLS_SEEN: AtomicU32 = AtomicU32::new(0);

#[plugin_fn]
pub fn count_calls() -> FnResult<String> {
    Ok((CALLS_SEEN.fetch_add(1, Ordering::Relaxed) + 1).to_string())
}
