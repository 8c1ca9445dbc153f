// The imports of module `extism:host/env`, as they are. Handles are addresses in the kernel's own
// memory; 0 is no block. Guests use the files beside this one instead.

@external("extism:host/env", "alloc")
export declare function alloc(length: u64): u64;
@external("extism:host/env", "free")
export declare function free(handle: u64): void;
@external("extism:host/env", "length")
export declare function length(handle: u64): u64;
@external("extism:host/env", "load_u8")
export declare function load_u8(address: u64): u32;
@external("extism:host/env", "load_u64")
export declare function load_u64(address: u64): u64;
@external("extism:host/env", "store_u8")
export declare function store_u8(address: u64, value: u32): void;
@external("extism:host/env", "store_u64")
export declare function store_u64(address: u64, value: u64): void;

@external("extism:host/env", "input_length")
export declare function input_length(): u64;
@external("extism:host/env", "input_load_u8")
export declare function input_load_u8(offset: u64): u32;
@external("extism:host/env", "input_load_u64")
export declare function input_load_u64(offset: u64): u64;
@external("extism:host/env", "output_set")
export declare function output_set(address: u64, length: u64): void;
@external("extism:host/env", "error_set")
export declare function error_set(handle: u64): void;

@external("extism:host/env", "config_get")
export declare function config_get(key: u64): u64;
@external("extism:host/env", "var_get")
export declare function var_get(key: u64): u64;
@external("extism:host/env", "var_set")
export declare function var_set(key: u64, value: u64): void;

@external("extism:host/env", "http_request")
export declare function http_request(request: u64, body: u64): u64;
@external("extism:host/env", "http_status_code")
export declare function http_status_code(): i32;
@external("extism:host/env", "http_headers")
export declare function http_headers(): u64;

@external("extism:host/env", "get_log_level")
export declare function get_log_level(): i32;
@external("extism:host/env", "log_trace")
export declare function log_trace(text: u64): void;
@external("extism:host/env", "log_debug")
export declare function log_debug(text: u64): void;
@external("extism:host/env", "log_info")
export declare function log_info(text: u64): void;
@external("extism:host/env", "log_warn")
export declare function log_warn(text: u64): void;
@external("extism:host/env", "log_error")
export declare function log_error(text: u64): void;
