//! Workspaces of every shape: the closure of each service, what is sent to Docker for it, and that Cargo builds it in
//! stages that hold nothing else.

mod shapes;
mod tree;
