;; The probe: a guest that tries what the walls are there for. `probe_plugins.ts` holds its bytes.
(module
  (import "extism:host/env" "input_offset" (func $input (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (import "extism:host/env" "http_request" (func $http (param i64 i64) (result i64)))
  (memory 1)
  ;; Never ends.
  (func (export "loop") (result i32) (loop $again (br $again)) (i32.const 0))
  ;; Takes memory until it is given no more; gives out how many pages of 64 KiB it has, as four bytes.
  (func (export "grow") (result i32) (local $out i64) (local $pages i32)
    (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (local.set $pages (memory.size))
    (local.set $out (call $alloc (i64.const 4)))
    (call $store (local.get $out) (local.get $pages))
    (call $store (i64.add (local.get $out) (i64.const 1)) (i32.shr_u (local.get $pages) (i32.const 8)))
    (call $store (i64.add (local.get $out) (i64.const 2)) (i32.shr_u (local.get $pages) (i32.const 16)))
    (call $store (i64.add (local.get $out) (i64.const 3)) (i32.shr_u (local.get $pages) (i32.const 24)))
    (call $output (local.get $out) (i64.const 4))
    (i32.const 0))
  ;; Sends the request that its input is.
  (func (export "get") (result i32) (drop (call $http (call $input) (i64.const 0))) (i32.const 0)))
