//! What both services share: a server that answers `GET` with a text.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

/// Answers every request on the port: `/health` with `ok`, and anything else with what `text` returns.
pub fn serve(port: u16, text: impl Fn() -> String) -> std::io::Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", port))?;
    println!("listening on {port}");
    for client in listener.incoming() {
        // A client that hangs up is no failure of the service.
        let _ = client.and_then(|client| answer(client, &text));
    }
    Ok(())
}

fn answer(mut client: TcpStream, text: &impl Fn() -> String) -> std::io::Result<()> {
    let mut lines = BufReader::new(&client).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    // A client may still be writing the rest of its request, which ends with an empty line.
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let body = match request.split(' ').nth(1) {
        Some("/health") => "ok\n".to_owned(),
        _ => text(),
    };
    let length = body.len();
    write!(
        client,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
