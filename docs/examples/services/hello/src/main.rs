fn main() -> std::io::Result<()> {
    greeting::serve(8080, || "hello\n".to_owned())
}
