fn main() {
    println!("{}", ship::about("shipd"));
}
