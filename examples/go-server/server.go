// A web server in Go, as it is anywhere: it listens on $PORT, and reads a template that lies beside it.
//
//	CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -o examples/go-server/server examples/go-server/server.go
//	mayfly deploy examples/go-server
//	curl --data-binary @README.md localhost:8080/letters/web
//	curl localhost:8080/letters/web
package main

import (
	"bufio"
	"fmt"
	"html/template"
	"io"
	"log"
	"net/http"
	"os"
	"sync/atomic"
	"unicode"
)

var (
	page  = template.Must(template.ParseFiles("page.html"))
	texts atomic.Int64
)

// Counts a text's letters while it arrives, so that it may have any size.
func count(w http.ResponseWriter, r *http.Request) {
	letters, text := 0, bufio.NewReader(r.Body)
	for {
		letter, _, err := text.ReadRune()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Println("the text broke off:", err)
			return
		}
		if unicode.IsLetter(letter) {
			letters++
		}
	}
	fmt.Printf("counted text %d\n", texts.Add(1))
	fmt.Fprintf(w, "%d letters\n", letters)
}

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			count(w, r)
		} else if err := page.Execute(w, texts.Load()); err != nil {
			log.Println(err)
		}
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
