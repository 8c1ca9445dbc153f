;; A guest that imports a host function of a permission its manifest does not ask for.
(module
  (import "extism:host/user" "kvstore_get" (func (param i64) (result i64)))
  (func (export "ask") (result i32) (i32.const 0)))
