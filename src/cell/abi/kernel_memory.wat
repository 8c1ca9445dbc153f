;; Access to kernel memory, in WebAssembly, so that a guest's copy loops (8 bytes a step) stay inside
;; the engine: from a JavaScript function each step would make a BigInt. See kernel_memory.ts.
(module
  (import "kernel" "memory" (memory 1 65536))
  (global $input_offset (export "input_offset") (mut i64) (i64.const 0))
  (global $input_length (export "input_length") (mut i64) (i64.const 0))

  (func $size (result i64)
    (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16)))

  ;; Narrows an address; one above 4 GiB traps, as one beyond the memory does by itself.
  (func $narrow (param $address i64) (result i32)
    (if (i64.gt_u (local.get $address) (i64.const 0xffffffff)) (then (unreachable)))
    (i32.wrap_i64 (local.get $address)))

  (func (export "load_u8") (param $address i64) (result i32)
    (if (result i32) (i64.ge_u (local.get $address) (call $size))
      (then (i32.const 0))
      (else (i32.load8_u (i32.wrap_i64 (local.get $address))))))

  (func (export "store_u8") (param $address i64) (param $value i32)
    (if (i64.lt_u (local.get $address) (call $size))
      (then (i32.store8 (i32.wrap_i64 (local.get $address)) (local.get $value)))))

  (func (export "load_u64") (param $address i64) (result i64)
    (i64.load align=1 (call $narrow (local.get $address))))

  (func (export "store_u64") (param $address i64) (param $value i64)
    (i64.store align=1 (call $narrow (local.get $address)) (local.get $value)))

  (func (export "input_load_u8") (param $index i64) (result i32)
    (if (result i32) (i64.ge_u (local.get $index) (global.get $input_length))
      (then (i32.const 0))
      (else (i32.load8_u (i32.wrap_i64 (i64.add (global.get $input_offset) (local.get $index)))))))

  (func (export "input_load_u64") (param $index i64) (result i64)
    (if (result i64)
      (i32.or
        (i64.lt_u (global.get $input_length) (i64.const 8))
        (i64.gt_u (local.get $index) (i64.sub (global.get $input_length) (i64.const 8))))
      (then (i64.const 0))
      (else (i64.load align=1
        (i32.wrap_i64 (i64.add (global.get $input_offset) (local.get $index))))))))
