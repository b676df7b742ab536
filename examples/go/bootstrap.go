// A function in Go, with the standard library alone: it asks AWS Lambda's Runtime API for its invocations, several at a time. A program that is
// built on aws-lambda-go is deployed the same way.
//
//	CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -o examples/go/bootstrap examples/go/bootstrap.go
//	mayfly deploy examples/go
//	curl localhost:8080/factors/of/360
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

var api = "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"

type event struct {
	RawPath string `json:"rawPath"`
}

type reply struct {
	StatusCode int    `json:"statusCode"`
	Body       string `json:"body"`
}

func factors(n uint64) (found []string) {
	for p := uint64(2); n > 1; p++ {
		if p*p > n {
			p = n
		}
		for ; n%p == 0; n /= p {
			found = append(found, strconv.FormatUint(p, 10))
		}
	}
	return found
}

func handle(event event) reply {
	n, err := strconv.ParseUint(strings.TrimPrefix(event.RawPath, "/"), 10, 48)
	if err != nil || n < 2 {
		return reply{400, "the path must be a number from 2 to 2^48\n"}
	}
	return reply{200, strings.Join(factors(n), " ") + "\n"}
}

// One invocation after the other, until the API is not there any more.
func serve() error {
	for {
		next, err := http.Get(api + "next")
		if err != nil {
			return err
		}
		id := next.Header.Get("Lambda-Runtime-Aws-Request-Id")
		var asked event
		err = json.NewDecoder(next.Body).Decode(&asked)
		next.Body.Close()
		if err != nil {
			return err
		}
		fmt.Println(id, "factors of", asked.RawPath)
		body, _ := json.Marshal(handle(asked))
		done, err := http.Post(api+id+"/response", "application/json", bytes.NewReader(body))
		if err != nil {
			return err
		}
		done.Body.Close()
	}
}

func main() {
	atOnce, _ := strconv.Atoi(os.Getenv("AWS_LAMBDA_MAX_CONCURRENCY"))
	if atOnce < 1 {
		atOnce = 1
	}
	var all sync.WaitGroup
	for ; atOnce > 0; atOnce-- {
		all.Add(1)
		go func() {
			defer all.Done()
			fmt.Fprintln(os.Stderr, serve())
		}()
	}
	all.Wait()
	os.Exit(1)
}
