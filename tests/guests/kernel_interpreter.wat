;; Executes kernel operations that it reads from its input, 16 bytes each, and answers what they came to,
;; 8 bytes each. tests/support/kernel_program.ts writes the operations and says what they do.
;;
;; An operation: byte 0 its code, byte 1 slot a, byte 2 slot b, bytes 4 to 7 an offset, bytes 8 to 15 a value.
;; Own memory: 256 slots with handles at 0, results from 65536 on.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $free (param i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "length_unsafe" (func $length_unsafe (param i64) (result i64)))
  (import "extism:host/env" "load_u8" (func $load_u8 (param i64) (result i32)))
  (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))
  (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
  (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (import "extism:host/env" "http_status_code" (func $http_status_code (result i32)))
  (import "extism:host/env" "log_debug" (func $log_debug (param i64)))
  (import "extism:host/env" "log_info" (func $log_info (param i64)))
  (import "extism:host/env" "log_warn" (func $log_warn (param i64)))
  (import "extism:host/env" "log_error" (func $log_error (param i64)))
  (type $loggers (func (param i64)))
  (table funcref (elem $log_debug $log_info $log_warn $log_error))
  (memory 4)
  (global $end (mut i32) (i32.const 65536))

  (func $emit (param i64)
    (i64.store (global.get $end) (local.get 0))
    (global.set $end (i32.add (global.get $end) (i32.const 8))))

  (func $emit_flag (param i64)
    (call $emit (i64.extend_i32_u (i64.ne (local.get 0) (i64.const 0)))))

  ;; A block of bytes seed, seed + 7, seed + 14, …: a new block's bytes are whatever they were.
  (func $filled (param $length i64) (param $seed i32) (result i64)
    (local $handle i64) (local $i i64)
    (local.set $handle (call $alloc (local.get $length)))
    (block $full (loop $next
      (br_if $full (i64.ge_u (local.get $i) (local.get $length)))
      (call $store_u8 (i64.add (local.get $handle) (local.get $i)) (local.get $seed))
      (local.set $seed (i32.add (local.get $seed) (i32.const 7)))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br $next)))
    (local.get $handle))

  ;; A block with "k0", "k1", …
  (func $key (param $number i32) (result i64)
    (local $handle i64)
    (local.set $handle (call $alloc (i64.const 2)))
    (call $store_u8 (local.get $handle) (i32.const 107))
    (call $store_u8 (i64.add (local.get $handle) (i64.const 1))
      (i32.add (i32.const 48) (local.get $number)))
    (local.get $handle))

  (func $step (param $head i64) (param $value i64)
    (local $a i32) (local $b i32) (local $handle i64) (local $at i64)
    (local.set $a (i32.shl (i32.and (i32.wrap_i64 (i64.shr_u (local.get $head) (i64.const 8))) (i32.const 255)) (i32.const 3)))
    (local.set $b (i32.shl (i32.and (i32.wrap_i64 (i64.shr_u (local.get $head) (i64.const 16))) (i32.const 255)) (i32.const 3)))
    (local.set $handle (i64.load (local.get $a)))
    (local.set $at (i64.add (local.get $handle) (i64.shr_u (local.get $head) (i64.const 32))))
    (block $17 (block $16 (block $15 (block $14 (block $13 (block $12 (block $11 (block $10 (block $9
    (block $8 (block $7 (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
      (br_table $0 $1 $2 $3 $4 $5 $6 $7 $8 $9 $10 $11 $12 $13 $14 $15 $16 $17
        (i32.and (i32.wrap_i64 (local.get $head)) (i32.const 255))))
    ;; 0 alloc: the offset is the first byte
    (i64.store (local.get $a)
      (call $filled (local.get $value) (i32.wrap_i64 (i64.shr_u (local.get $head) (i64.const 32)))))
    (return (call $emit_flag (i64.load (local.get $a)))))
    ;; 1 free, twice
    (call $free (local.get $handle))
    (call $free (local.get $handle))
    (return (call $emit (call $length (local.get $handle)))))
    ;; 2 length
    (call $emit (call $length (local.get $handle)))
    (return (call $emit (call $length_unsafe (local.get $handle)))))
    ;; 3 load_u8
    (return (call $emit (i64.extend_i32_u (call $load_u8 (local.get $at))))))
    ;; 4 load_u64
    (return (call $emit (call $load_u64 (local.get $at)))))
    ;; 5 store_u8
    (return (call $store_u8 (local.get $at) (i32.wrap_i64 (local.get $value)))))
    ;; 6 store_u64
    (return (call $store_u64 (local.get $at) (local.get $value))))
    ;; 7 input_load_u8
    (return (call $emit (i64.extend_i32_u (call $input_load_u8 (local.get $value))))))
    ;; 8 input_load_u64
    (return (call $emit (call $input_load_u64 (local.get $value)))))
    ;; 9 input_length, and the length of the block at input_offset
    (call $emit (call $input_length))
    (return (call $emit (call $length (call $input_offset)))))
    ;; 10 load_u64 within the input's block
    (return (call $emit (call $load_u64 (i64.add (call $input_offset) (local.get $value))))))
    ;; 11 a key
    (return (i64.store (local.get $a) (call $key (i32.wrap_i64 (local.get $value))))))
    ;; 12 config_get into slot b
    (i64.store (local.get $b) (call $config_get (local.get $handle)))
    (return (call $emit_flag (i64.load (local.get $b)))))
    ;; 13 var_get into slot b
    (i64.store (local.get $b) (call $var_get (local.get $handle)))
    (return (call $emit_flag (i64.load (local.get $b)))))
    ;; 14 var_set: value 1 sets slot b, value 0 deletes
    (return (call $var_set (local.get $handle)
      (i64.mul (local.get $value) (i64.load (local.get $b))))))
    ;; 15 log at level value
    (return (call_indirect (type $loggers) (local.get $handle) (i32.wrap_i64 (local.get $value)))))
    ;; 16 http_status_code
    (return (call $emit (i64.extend_i32_u (call $http_status_code)))))
    ;; 17 output_set or error_set of the whole block
    (if (i64.eqz (local.get $value))
      (then (call $output_set (local.get $handle) (call $length (local.get $handle))))
      (else (call $error_set (local.get $handle)))))

  ;; Executes the input and gives the results out.
  (func (export "run") (result i32)
    (local $at i64) (local $handle i64) (local $from i32)
    (block $done (loop $next
      (br_if $done (i64.ge_u (local.get $at) (call $input_length)))
      (call $step (call $input_load_u64 (local.get $at))
        (call $input_load_u64 (i64.add (local.get $at) (i64.const 8))))
      (local.set $at (i64.add (local.get $at) (i64.const 16)))
      (br $next)))
    (call $emit (local.get $at))
    (local.set $from (i32.const 65536))
    (local.set $handle (call $alloc (i64.extend_i32_u (i32.sub (global.get $end) (local.get $from)))))
    (local.set $at (local.get $handle))
    (loop $copy
      (call $store_u64 (local.get $at) (i64.load (local.get $from)))
      (local.set $at (i64.add (local.get $at) (i64.const 8)))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (br_if $copy (i32.lt_u (local.get $from) (global.get $end))))
    (call $output_set (local.get $handle) (call $length (local.get $handle)))
    (i32.const 0))

  ;; Executes the input and leaves the output as the last operation 17 set it.
  (func (export "run_only") (result i32)
    (local $at i64)
    (block $done (loop $next
      (br_if $done (i64.ge_u (local.get $at) (call $input_length)))
      (call $step (call $input_load_u64 (local.get $at))
        (call $input_load_u64 (i64.add (local.get $at) (i64.const 8))))
      (local.set $at (i64.add (local.get $at) (i64.const 16)))
      (br $next)))
    (i32.const 0)))
