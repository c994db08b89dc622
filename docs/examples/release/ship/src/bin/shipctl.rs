fn main() {
    println!("{}", ship::about("shipctl"));
}
